package io.github.llmpolicyengine;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Typed access to a tree of maps and lists. */
record Tree(Map<String, Object> fields) {
    @SuppressWarnings("unchecked")
    static Tree of(Object tree) {
        return new Tree(tree instanceof Map ? (Map<String, Object>) tree : Map.of());
    }

    /** The text of a field; null when there is none. */
    String text(String name) {
        return fields.get(name) instanceof String text ? text : null;
    }

    long number(String name, long otherwise) {
        return fields.get(name) instanceof Long number ? number : otherwise;
    }

    boolean bool(String name) {
        return Boolean.TRUE.equals(fields.get(name));
    }

    boolean has(String name) {
        return fields.get(name) != null;
    }

    Tree tree(String name) {
        return of(fields.get(name));
    }

    <T> List<T> list(String name, Function<Tree, T> make) {
        return items(name, item -> make.apply(of(item)));
    }

    List<String> texts(String name) {
        return items(name, String::valueOf);
    }

    double decimal(String name) {
        return fields.get(name) instanceof Number number ? number.doubleValue() : 0;
    }

    List<Double> decimals(String name) {
        return items(name, item -> ((Number) item).doubleValue());
    }

    private <T> List<T> items(String name, Function<Object, T> make) {
        if (!(fields.get(name) instanceof List<?> items)) {
            return List.of();
        }
        return items.stream().<T>map(make).toList();
    }

    /** All fields, which are whole numbers. */
    Map<String, Long> numbers() {
        return fields.keySet().stream().collect(Collectors.toUnmodifiableMap(name -> name, name -> number(name, 0)));
    }
}
