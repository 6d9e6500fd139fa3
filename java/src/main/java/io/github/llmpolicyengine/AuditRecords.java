package io.github.llmpolicyengine;

import java.util.List;

/**
 * What {@link Engine#auditDrain} takes out.
 *
 * @param records the oldest, in order
 * @param dropped how many found no room since the last call
 * @param waiting how many still wait
 */
public record AuditRecords(List<AuditRecord> records, long dropped, long waiting) {
    static AuditRecords of(Tree tree) {
        return new AuditRecords(tree.list("records", AuditRecord::of), tree.number("dropped", 0),
                tree.number("waiting", 0));
    }
}
