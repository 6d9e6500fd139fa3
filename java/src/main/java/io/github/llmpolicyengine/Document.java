package io.github.llmpolicyengine;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A policy document in memory. It cannot read tables from files. */
public final class Document {
    private final String origin;
    private final byte[] text;
    /** Where half of a surrogate pair stands in a text, which has no form in bytes then; else -1. */
    private final int half;

    private Document(String origin, byte[] text, int half) {
        this.origin = origin;
        this.text = text;
        this.half = half;
    }

    /**
     * A document of bytes, YAML or JSON.
     *
     * @param origin what messages call it, such as {@code security.yaml}
     */
    public static Document of(String origin, byte[] text) {
        return new Document(origin, text.clone(), -1);
    }

    /**
     * A document of text, YAML or JSON.
     *
     * @param origin what messages call it, such as {@code security.yaml}
     */
    public static Document of(String origin, String text) {
        return new Document(origin, text.getBytes(StandardCharsets.UTF_8), Utf8.half(text));
    }

    /**
     * A document of maps and lists.
     *
     * @param origin what messages call it, such as {@code security.yaml}
     * @throws PolicyException.InvalidInput when it has values that JSON does not have
     */
    public static Document of(String origin, Map<String, ?> tree) throws PolicyException {
        return new Document(origin, Reply.of(Native.unpack(Packer.pack(tree))).rest(), -1);
    }

    static byte[] frame(List<Document> documents) throws PolicyException {
        Packer frame = Packer.frame();
        for (Document document : documents) {
            if (document.half >= 0) {
                throw PolicyException.of(ErrorCode.INVALID_POLICY, document.origin + ": half of a surrogate pair at index "
                        + document.half + " of the text", Tree.of(null), null);
            }
            frame.part(Utf8.of(document.origin));
            frame.part(document.text);
        }
        return frame.toBytes();
    }
}
