package io.github.llmpolicyengine;

/**
 * What a detector found. It never holds the text itself.
 *
 * @param family the family of detectors: {@code pii}, {@code secret}
 * @param kind what it is: {@code email}; in a decision, {@code unread} stands for the end of a text that is too long to be read
 * @param score how sure that is: 0 to 100 of a scan, and 0 to 1 in a decision
 * @param field the field of the context, in a decision; null for a text that a condition made itself, and of a scan
 * @param start where it begins in the text, as {@link String} counts; -1 when there is no place
 * @param end where it ends
 */
public record DetectorFinding(String family, String kind, double score, String field, int start, int end) {
    static DetectorFinding of(Tree tree) {
        var place = tree.decimals("utf16");
        return new DetectorFinding(tree.text("family"), tree.text("kind"), tree.decimal("score"), tree.text("field"),
                place.size() == 2 ? place.get(0).intValue() : -1, place.size() == 2 ? place.get(1).intValue() : -1);
    }
}
