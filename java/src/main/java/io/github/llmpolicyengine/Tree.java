package io.github.llmpolicyengine;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

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
        if (!(fields.get(name) instanceof List<?> items)) {
            return List.of();
        }
        return items.stream().map(Tree::of).map(make).toList();
    }

    List<String> texts(String name) {
        if (!(fields.get(name) instanceof List<?> items)) {
            return List.of();
        }
        return items.stream().map(String::valueOf).toList();
    }
}
