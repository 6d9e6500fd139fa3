package io.github.llmpolicyengine;

import java.util.Map;

/**
 * What an engine has done since it was made, its exchanges among it: {@link Engine#metrics}.
 *
 * @param decisions how many, by the names of stage and effect
 * @param refused evaluations that failed, by the error's code
 * @param ruleErrors rules that failed
 * @param reloads how often the policies were replaced
 * @param refusedReloads how often they were not, because they were refused
 * @param auditRecorded audit records that were kept
 * @param auditDropped audit records for which there was no room
 */
public record Metrics(
        Map<String, Map<String, Long>> decisions,
        Map<String, Long> refused,
        long ruleErrors,
        long reloads,
        long refusedReloads,
        long auditRecorded,
        long auditDropped) {

    static Metrics of(Tree tree) {
        Map<String, Map<String, Long>> decisions = new java.util.LinkedHashMap<>();
        Tree stages = tree.tree("decisions");
        stages.fields().keySet().forEach(stage -> decisions.put(stage, stages.tree(stage).numbers()));
        return new Metrics(Map.copyOf(decisions), tree.tree("refused").numbers(), tree.number("rule_errors", 0),
                tree.number("reloads", 0), tree.number("refused_reloads", 0), tree.number("audit_recorded", 0),
                tree.number("audit_dropped", 0));
    }
}
