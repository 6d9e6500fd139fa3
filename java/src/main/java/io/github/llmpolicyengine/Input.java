package io.github.llmpolicyengine;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;

/** A context that is decided about: JSON, a map, or a {@link Context} that was written field by field. */
public abstract sealed class Input permits Input.Bytes, Input.Buffer, Input.Text, Input.Tree, Context {
    /** The form of JSON, in the native library's words. */
    static final int JSON = 0;
    /** The packed form. */
    static final int PACKED = 1;

    Input() {}

    /** JSON in UTF-8. The array is read during calls and not copied here. */
    public static Input json(byte[] json) {
        return new Bytes(Objects.requireNonNull(json, "json"));
    }

    /** JSON in UTF-8: what is between the buffer's position and its limit, which stay as they are. */
    public static Input json(ByteBuffer json) {
        return new Buffer(Objects.requireNonNull(json, "json"));
    }

    /** JSON as text. Bytes are faster, where they are at hand. */
    public static Input json(String json) {
        return new Text(Objects.requireNonNull(json, "json"));
    }

    /**
     * A map of maps, lists, arrays, texts, numbers, booleans, points in time and nulls. It is read during each call. Whole
     * numbers are ints whatever their class is, as in JSON.
     */
    public static Input of(Map<String, ?> map) {
        return new Tree(Objects.requireNonNull(map, "map"));
    }

    /** What the native library takes from an input. */
    interface Use<R> {
        R apply(int form, byte[] bytes, int offset, int length) throws PolicyException;
    }

    /** What {@code use} makes of the input's bytes. */
    abstract <R> R with(Use<R> use) throws PolicyException;

    static final class Bytes extends Input {
        private final byte[] json;

        private Bytes(byte[] json) {
            this.json = json;
        }

        @Override
        <R> R with(Use<R> use) throws PolicyException {
            return use.apply(JSON, json, 0, json.length);
        }
    }

    static final class Buffer extends Input {
        private final ByteBuffer json;

        private Buffer(ByteBuffer json) {
            this.json = json;
        }

        @Override
        <R> R with(Use<R> use) throws PolicyException {
            if (json.hasArray()) {
                return use.apply(JSON, json.array(), json.arrayOffset() + json.position(), json.remaining());
            }
            // Asking JNI for a direct buffer's address takes longer than this copy.
            Packer packer = Packer.acquire();
            try {
                packer.buffer(json);
                return use.apply(JSON, packer.bytes, 0, packer.length);
            } finally {
                packer.release();
            }
        }
    }

    static final class Text extends Input {
        private final String json;

        private Text(String json) {
            this.json = json;
        }

        @Override
        <R> R with(Use<R> use) throws PolicyException {
            Packer packer = Packer.acquire();
            try {
                packer.utf8(json, "");
                return use.apply(JSON, packer.bytes, 0, packer.length);
            } finally {
                packer.release();
            }
        }
    }

    static final class Tree extends Input {
        private final Map<String, ?> map;

        private Tree(Map<String, ?> map) {
            this.map = map;
        }

        @Override
        <R> R with(Use<R> use) throws PolicyException {
            Packer packer = Packer.acquire();
            try {
                packer.value(map, 0, "");
                return use.apply(PACKED, packer.bytes, 0, packer.length);
            } finally {
                packer.release();
            }
        }
    }
}
