package io.github.llmpolicyengine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads what the native library answers. The library made it, so it is trusted to be whole. */
final class Reply {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private int at;

    private Reply(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The answer; a failure is thrown. */
    static Reply of(byte[] bytes) throws PolicyException {
        if (bytes == null) {
            throw new OutOfMemoryError("no memory for the answer of the policy engine");
        }
        Reply reply = new Reply(bytes);
        int code = reply.tag();
        if (code != 0) {
            throw reply.failure(code);
        }
        return reply;
    }

    private PolicyException failure(int code) {
        String message = text();
        int length = (int) INTS.get(bytes, at);
        at += 4;
        int end = at + length;
        Object tree = tree();
        at = end;
        String decision = text();
        return PolicyException.of(ErrorCode.of(code), message, Tree.of(tree),
                decision == null ? null : Decision.refused(decision, code, message));
    }

    boolean more() {
        return at < bytes.length;
    }

    int tag() {
        return bytes[at++] & 0xff;
    }

    long number() {
        long number = (long) LONGS.get(bytes, at);
        at += 8;
        return number;
    }

    /** A byte string after its length; null when there is none. */
    byte[] part() {
        int length = (int) INTS.get(bytes, at);
        at += 4;
        if (length == -1) {
            return null;
        }
        byte[] part = Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        return part;
    }

    /** A text after its length; null when there is none. */
    String text() {
        int length = (int) INTS.get(bytes, at);
        at += 4;
        if (length == -1) {
            return null;
        }
        String text = new String(bytes, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }

    byte[] rest() {
        return Arrays.copyOfRange(bytes, at, bytes.length);
    }

    String restAsText() {
        return new String(bytes, at, bytes.length - at, StandardCharsets.UTF_8);
    }

    /** A packed value: null, Boolean, Long, BigInteger, Double, String, or a List or Map that cannot be changed. */
    Object tree() {
        int tag = tag();
        switch (tag) {
            case Packer.NULL:
                return null;
            case Packer.FALSE:
                return false;
            case Packer.TRUE:
                return true;
            case Packer.INT:
                return number();
            case Packer.UINT:
                return new BigInteger(Long.toUnsignedString(number()));
            case Packer.DOUBLE:
                return Double.longBitsToDouble(number());
            case Packer.TEXT:
                return text();
            case Packer.LIST:
                List<Object> items = new ArrayList<>();
                while (bytes[at] != Packer.END) {
                    items.add(tree());
                }
                at++;
                return Collections.unmodifiableList(items);
            case Packer.OBJECT:
                Map<String, Object> fields = new LinkedHashMap<>();
                while (tag() != Packer.END) {
                    String name = text();
                    fields.put(name, tree());
                }
                return Collections.unmodifiableMap(fields);
            default:
                throw new IllegalStateException("the native library answered with tag " + tag);
        }
    }

    /** The tree of JSON text that the native library made. */
    static Tree parse(String json) {
        try {
            return Tree.of(of(Native.pack(json.getBytes(StandardCharsets.UTF_8))).tree());
        } catch (PolicyException error) {
            throw new IllegalStateException(error);
        }
    }
}
