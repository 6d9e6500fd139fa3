package io.github.llmpolicyengine;

import java.nio.charset.StandardCharsets;

/** Texts as the bytes that the native library takes. */
final class Utf8 {
    private Utf8() {}

    /** The UTF-8 of an argument. Half of a surrogate pair has none: Java's own encoder would write a question mark. */
    static byte[] of(String text) throws PolicyException {
        int half = half(text);
        if (half >= 0) {
            throw PolicyException.of(ErrorCode.INVALID_ARGUMENT,
                    "half of a surrogate pair at index " + half + " of a text", Tree.of(null), null);
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Where half of a surrogate pair stands alone; -1 when none does. */
    static int half(CharSequence text) {
        for (int at = 0; at < text.length(); at++) {
            if (Character.isSurrogate(text.charAt(at))) {
                if (at + 1 == text.length() || !Character.isSurrogatePair(text.charAt(at), text.charAt(at + 1))) {
                    return at;
                }
                at++;
            }
        }
        return -1;
    }
}
