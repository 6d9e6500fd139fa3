package io.github.llmpolicyengine;

import java.time.Instant;

/**
 * A context that is written field by field into a buffer that is used again: no JSON, no map.
 *
 * <pre>{@code
 * Context context = new Context()
 *         .object("user").string("id", "ann").strings("roles", "dev").end()
 *         .object("request").string("model", "gpt-5").integer("max_tokens", 500).end();
 * }</pre>
 *
 * <p>A field is written once; writing one again is refused when the context is read. {@link #clear} begins the next context in
 * the same buffer. One thread writes; when it is done, any number may read.
 */
public final class Context extends Input {
    private final Packer packer = new Packer();
    /** One bit for each open object or list: 1 for a list. */
    private long lists;
    private int depth;
    private PolicyException fault;

    /** A context without fields. */
    public Context() {
        clear();
    }

    /** Takes all fields away. */
    public Context clear() {
        packer.length = 0;
        depth = 0;
        lists = 0;
        fault = null;
        write(() -> packer.tag(Packer.OBJECT));
        return this;
    }

    /** Begins a field that has fields, up to {@link #end}. */
    public Context object(String name) {
        return field(name, () -> open(Packer.OBJECT));
    }

    /** Begins a list, up to {@link #end}. Its elements are added without a name. */
    public Context list(String name) {
        return field(name, () -> open(Packer.LIST));
    }

    /** Begins an element of a list that has fields, up to {@link #end}. */
    public Context object() {
        return element(() -> open(Packer.OBJECT));
    }

    /** Ends the object or list that was begun last. */
    public Context end() {
        if (depth == 0) {
            throw new IllegalStateException("nothing is open that could end");
        }
        depth--;
        lists >>>= 1;
        return write(() -> packer.tag(Packer.END));
    }

    /** A field of text. */
    public Context string(String name, CharSequence text) {
        return field(name, () -> packer.text(text, name));
    }

    /** A field that is a list of texts. */
    public Context strings(String name, CharSequence... texts) {
        return field(name, () -> {
            packer.tag(Packer.LIST);
            for (CharSequence text : texts) {
                packer.text(text, name);
            }
            packer.tag(Packer.END);
        });
    }

    /** A field that is a list of texts. */
    public Context strings(String name, Iterable<? extends CharSequence> texts) {
        return field(name, () -> packer.value(texts, depth + 1, name));
    }

    /** A field of a whole number. */
    public Context integer(String name, long number) {
        return field(name, () -> packer.number(Packer.INT, number));
    }

    /** A field of a number; one that is not finite is refused when the context is read. */
    public Context number(String name, double number) {
        return field(name, () -> packer.real(number));
    }

    /** A field that is true or false. */
    public Context bool(String name, boolean value) {
        return field(name, () -> packer.bool(value));
    }

    /** A field that is a point in time. */
    public Context instant(String name, Instant instant) {
        return field(name, () -> packer.text(instant.toString(), name));
    }

    /** A field of any value that {@link Input#of} takes. */
    public Context value(String name, Object value) {
        return field(name, () -> packer.value(value, depth + 1, name));
    }

    /** An element of a list: any value that {@link Input#of} takes. */
    public Context add(Object value) {
        return element(() -> packer.value(value, depth + 1, ""));
    }

    private interface Write {
        void run() throws PolicyException;
    }

    private Context field(String name, Write value) {
        if ((lists & 1) == 1) {
            throw new IllegalStateException("`" + name + "`: an element of a list has no name");
        }
        return write(() -> {
            packer.text(name, name);
            value.run();
        });
    }

    private Context element(Write value) {
        if ((lists & 1) == 0) {
            throw new IllegalStateException("no list is open, so a value needs a name");
        }
        return write(value);
    }

    private void open(byte tag) throws PolicyException {
        if (depth == Long.SIZE - 1) {
            throw new IllegalStateException("nested deeper than " + depth + " levels");
        }
        packer.tag(tag);
        depth++;
        lists = lists << 1 | (tag == Packer.LIST ? 1 : 0);
    }

    /** What is refused is said when the context is read, so that fields can be chained. */
    private Context write(Write write) {
        if (fault == null) {
            try {
                write.run();
                packer.seal();
            } catch (PolicyException refused) {
                fault = refused;
            }
        }
        return this;
    }

    @Override
    <R> R with(Use<R> use) throws PolicyException {
        if (fault != null) {
            throw fault;
        }
        if (depth > 0) {
            throw new IllegalStateException(depth + " objects or lists are still open: `end` is missing");
        }
        return use.apply(PACKED, packer.bytes, 0, packer.length + 1);
    }
}
