package io.github.llmpolicyengine;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A policy document in memory. It cannot read tables from files. */
public final class Document {
    final String origin;
    final byte[] text;

    private Document(String origin, byte[] text) {
        this.origin = origin;
        this.text = text;
    }

    /**
     * A document of bytes, YAML or JSON.
     *
     * @param origin what messages call it, such as {@code security.yaml}
     */
    public static Document of(String origin, byte[] text) {
        return new Document(origin, text.clone());
    }

    /**
     * A document of text, YAML or JSON.
     *
     * @param origin what messages call it, such as {@code security.yaml}
     */
    public static Document of(String origin, String text) {
        return new Document(origin, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A document of maps and lists.
     *
     * @param origin what messages call it, such as {@code security.yaml}
     * @throws PolicyException.InvalidInput when it has values that JSON does not have
     */
    public static Document of(String origin, Map<String, ?> tree) throws PolicyException {
        return new Document(origin, Reply.of(Native.unpack(Packer.pack(tree))).rest());
    }

    static byte[] frame(List<Document> documents) throws PolicyException {
        Packer frame = Packer.frame();
        for (Document document : documents) {
            frame.part(document.origin.getBytes(StandardCharsets.UTF_8));
            frame.part(document.text);
        }
        return frame.toBytes();
    }
}
