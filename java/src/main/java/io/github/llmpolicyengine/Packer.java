package io.github.llmpolicyengine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes values in the packed form that the native library reads: a tag of one byte and what it says, numbers in little
 * endian. The form is described where it is read, in {@code core/engine/src/input/packed.rs}.
 */
final class Packer {
    static final byte NULL = 0;
    static final byte FALSE = 1;
    static final byte TRUE = 2;
    static final byte INT = 3;
    static final byte UINT = 4;
    static final byte DOUBLE = 5;
    static final byte TEXT = 6;
    static final byte LIST = 7;
    static final byte OBJECT = 8;
    static final byte END = 9;

    /** How deep maps and lists may be nested, as the engine has it; it also ends structures that hold themselves. */
    private static final int MAX_DEPTH = 128;
    /** A buffer that grew beyond this is not kept. */
    private static final int KEPT = 1 << 20;
    /** What the engine reads of one input. */
    private static final int MAX_BYTES = 64 << 20;

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final BigInteger UINT_MAX = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);

    private static final ThreadLocal<Packer> SCRATCH = new ThreadLocal<>();

    byte[] bytes = new byte[512];
    int length;
    private int limit = MAX_BYTES;

    /** A packer of this thread with nothing in it; give it back with {@link #release}. */
    static Packer acquire() {
        Packer packer = SCRATCH.get();
        if (packer == null) {
            return new Packer();
        }
        // A map's own code may ask the engine while it is being written.
        SCRATCH.set(null);
        packer.length = 0;
        return packer;
    }

    /** A packer for many inputs, each of which may be as large as one may be. */
    static Packer frame() {
        Packer packer = new Packer();
        packer.limit = Integer.MAX_VALUE - 64;
        return packer;
    }

    /** A frame of texts. */
    static byte[] texts(List<String> texts) throws PolicyException {
        Packer frame = frame();
        for (String text : texts) {
            frame.part(Utf8.of(text));
        }
        return frame.toBytes();
    }

    void release() {
        if (bytes.length <= KEPT) {
            SCRATCH.set(this);
        }
    }

    static byte[] pack(Object value) throws PolicyException {
        Packer packer = new Packer();
        packer.value(value, 0, "");
        return packer.toBytes();
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    private void room(int more) throws PolicyException {
        if (more > bytes.length - length) {
            grow(more);
        }
    }

    private void grow(int more) throws PolicyException {
        if (more > limit - length) {
            throw PolicyException.invalidInput("larger than " + limit + " bytes");
        }
        bytes = Arrays.copyOf(bytes, Math.max(length + more, (int) Math.min(bytes.length * 2L, limit)));
    }

    void tag(byte tag) throws PolicyException {
        room(1);
        bytes[length++] = tag;
    }

    void bool(boolean value) throws PolicyException {
        tag(value ? TRUE : FALSE);
    }

    void number(byte tag, long value) throws PolicyException {
        room(9);
        bytes[length] = tag;
        LONGS.set(bytes, length + 1, value);
        length += 9;
    }

    void real(double value) throws PolicyException {
        number(DOUBLE, Double.doubleToRawLongBits(value));
    }

    /** A byte string after its length. */
    void part(byte[] part) throws PolicyException {
        room(4);
        INTS.set(bytes, length, part.length);
        length += 4;
        raw(part, 0, part.length);
    }

    void raw(byte[] from, int offset, int count) throws PolicyException {
        room(count);
        System.arraycopy(from, offset, bytes, length, count);
        length += count;
    }

    /** Writes the end of the outermost object behind the bytes, where the next field would overwrite it. */
    void seal() throws PolicyException {
        room(1);
        bytes[length] = END;
    }

    /** What is between a buffer's position and its limit. */
    void buffer(ByteBuffer from) throws PolicyException {
        int count = from.remaining();
        room(count);
        from.duplicate().get(bytes, length, count);
        length += count;
    }

    /** The place of a part's length, to be filled in by {@link #close}. */
    int open() throws PolicyException {
        room(4);
        length += 4;
        return length;
    }

    void close(int start) {
        INTS.set(bytes, start - 4, length - start);
    }

    /** Text as UTF-8. Half of a surrogate pair is refused, where Java's own encoder would write a question mark. */
    void text(CharSequence text, String path) throws PolicyException {
        tag(TEXT);
        int start = open();
        utf8(text, path);
        close(start);
    }

    /** The UTF-8 of a text, without a length. */
    void utf8(CharSequence text, String path) throws PolicyException {
        int count = text.length();
        if (count > MAX_BYTES) {
            throw PolicyException.invalidInput("larger than " + MAX_BYTES + " bytes");
        }
        room(count);
        int at = 0;
        for (; at < count; at++) {
            char c = text.charAt(at);
            if (c >= 0x80) {
                break;
            }
            bytes[length++] = (byte) c;
        }
        if (at < count) {
            beyondAscii(text, at, path);
        }
    }

    private void beyondAscii(CharSequence text, int from, String path) throws PolicyException {
        int count = text.length();
        for (int at = from; at < count; at++) {
            int c = text.charAt(at);
            room(4);
            if (c < 0x80) {
                bytes[length++] = (byte) c;
            } else if (c < 0x800) {
                bytes[length++] = (byte) (0xc0 | c >> 6);
                bytes[length++] = (byte) (0x80 | c & 0x3f);
            } else if (!Character.isSurrogate((char) c)) {
                bytes[length++] = (byte) (0xe0 | c >> 12);
                bytes[length++] = (byte) (0x80 | c >> 6 & 0x3f);
                bytes[length++] = (byte) (0x80 | c & 0x3f);
            } else {
                int next = at + 1 < count ? text.charAt(at + 1) : 0;
                if (!Character.isSurrogatePair((char) c, (char) next)) {
                    throw PolicyException.invalidInput("half of a surrogate pair" + at(path));
                }
                int point = Character.toCodePoint((char) c, (char) next);
                at++;
                bytes[length++] = (byte) (0xf0 | point >> 18);
                bytes[length++] = (byte) (0x80 | point >> 12 & 0x3f);
                bytes[length++] = (byte) (0x80 | point >> 6 & 0x3f);
                bytes[length++] = (byte) (0x80 | point & 0x3f);
            }
        }
    }

    /** Any value that JSON has a form for, {@code depth} levels down; {@code path} is the field of the context it is in, for messages. */
    void value(Object value, int depth, String path) throws PolicyException {
        if (value == null) {
            tag(NULL);
        } else if (value instanceof CharSequence text) {
            text(text, path);
        } else if (value instanceof Number number) {
            number(number, path);
        } else if (value instanceof Boolean bool) {
            bool(bool);
        } else if (value instanceof Map<?, ?> map) {
            map(map, depth, path);
        } else if (value instanceof Iterable<?> items) {
            begin(LIST, depth);
            for (Object item : items) {
                value(item, depth + 1, path);
            }
            tag(END);
        } else if (value instanceof Instant || value instanceof OffsetDateTime) {
            text(value.toString(), path);
        } else if (value instanceof Optional<?> optional) {
            value(optional.orElse(null), depth, path);
        } else {
            array(value, depth, path);
        }
    }

    private void map(Map<?, ?> map, int depth, String path) throws PolicyException {
        begin(OBJECT, depth);
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (!(entry.getKey() instanceof String name)) {
                throw PolicyException.invalidInput("a map with keys that are not text" + at(path));
            }
            text(name, path);
            value(entry.getValue(), depth + 1, path.isEmpty() ? name : path);
        }
        tag(END);
    }

    private void begin(byte tag, int depth) throws PolicyException {
        if (depth >= MAX_DEPTH) {
            throw PolicyException.invalidInput("nested deeper than " + MAX_DEPTH + " levels");
        }
        tag(tag);
    }

    private void number(Number number, String path) throws PolicyException {
        if (number instanceof Integer || number instanceof Long || number instanceof Short || number instanceof Byte) {
            number(INT, number.longValue());
        } else if (number instanceof Double || number instanceof Float) {
            finite(number.doubleValue(), path);
        } else if (number instanceof BigInteger big) {
            big(big, path);
        } else if (number instanceof BigDecimal decimal) {
            if (decimal.scale() == 0) {
                big(decimal.unscaledValue(), path);
            } else {
                finite(decimal.doubleValue(), path);
            }
        } else {
            unknown(number, path);
        }
    }

    private void big(BigInteger big, String path) throws PolicyException {
        if (big.bitLength() < Long.SIZE) {
            number(INT, big.longValue());
        } else if (big.signum() > 0 && big.compareTo(UINT_MAX) <= 0) {
            number(UINT, big.longValue());
        } else {
            finite(big.doubleValue(), path);
        }
    }

    private void finite(double value, String path) throws PolicyException {
        if (!Double.isFinite(value)) {
            throw PolicyException.invalidInput("number out of range" + at(path));
        }
        real(value);
    }

    private void array(Object value, int depth, String path) throws PolicyException {
        if (!value.getClass().isArray() || value instanceof byte[] || value instanceof char[]) {
            unknown(value, path);
        }
        begin(LIST, depth);
        if (value instanceof Object[] items) {
            for (Object item : items) {
                value(item, depth + 1, path);
            }
        } else {
            int count = java.lang.reflect.Array.getLength(value);
            for (int at = 0; at < count; at++) {
                value(java.lang.reflect.Array.get(value, at), depth + 1, path);
            }
        }
        tag(END);
    }

    private static void unknown(Object value, String path) throws PolicyException {
        throw PolicyException.invalidInput(
                "a value of " + value.getClass().getName() + at(path)
                        + ", which is no text, number, boolean, map, list, array or point in time");
    }

    private static String at(String path) {
        return path.isEmpty() ? "" : " in `" + path + "`";
    }
}
