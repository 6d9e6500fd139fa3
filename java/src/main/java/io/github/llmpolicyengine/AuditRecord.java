package io.github.llmpolicyengine;

import java.time.Instant;

/**
 * What is recorded of an evaluation. It holds nothing of the input.
 *
 * @param process the id of the process that decided
 * @param sequence counts the evaluations of the engine: a gap is a record that was dropped
 * @param time when it was written
 * @param stage the name of the stage
 * @param effect what was decided; a deny for an input that was refused
 * @param code the decision's code, or the error's; null when there is none
 * @param policy the document that decided; null when none did
 * @param rule the rule that decided; null when none did
 * @param shadow what would have been decided with all rules in shadow in force; null when no rule is
 * @param errors how many rules failed
 * @param bundle the digest of the documents
 * @param input the keyed digest of what was judged; null without a key
 */
public record AuditRecord(
        long process,
        long sequence,
        Instant time,
        String stage,
        Effect effect,
        String code,
        String policy,
        String rule,
        Effect shadow,
        long errors,
        String bundle,
        String input) {

    static AuditRecord of(Tree tree) {
        return new AuditRecord(tree.number("process", 0), tree.number("sequence", 0), Instant.parse(tree.text("time")),
                tree.text("stage"), Effect.valueOf(tree.text("effect").toUpperCase(java.util.Locale.ROOT)),
                tree.text("code"), tree.text("policy"), tree.text("rule"),
                tree.has("shadow") ? Effect.valueOf(tree.text("shadow").toUpperCase(java.util.Locale.ROOT)) : null,
                tree.number("errors", 0), tree.text("bundle"), tree.text("input"));
    }
}
