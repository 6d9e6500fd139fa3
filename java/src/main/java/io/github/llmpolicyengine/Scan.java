package io.github.llmpolicyengine;

import java.util.List;

/**
 * What {@link Detector#scan} found.
 *
 * @param findings in the order of the text
 * @param complete whether all of the text was read
 * @param scanned how many bytes of UTF-8 were read
 * @param beyond how many were not
 * @param json the same in the library's words, with places in bytes and code points too
 */
public record Scan(List<DetectorFinding> findings, boolean complete, long scanned, long beyond, String json) {
    static Scan of(String json) {
        Tree tree = Reply.parse(json);
        return new Scan(tree.list("findings", DetectorFinding::of), tree.bool("complete"), tree.number("scanned", 0),
                tree.number("beyond", 0), json);
    }
}
