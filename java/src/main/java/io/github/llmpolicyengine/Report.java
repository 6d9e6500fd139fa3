package io.github.llmpolicyengine;

import java.util.List;

/**
 * What is right and wrong with documents: {@link Engine#validate}.
 *
 * @param valid whether an engine can be made of them
 * @param documents how many documents there are
 * @param rules how many rules they have
 * @param findings errors and warnings, by document and place
 * @param error what failed outside of documents; null when nothing did
 * @param bundle the digest of the documents; null when they are not valid
 */
public record Report(
        boolean valid, long documents, long rules, List<Finding> findings, String error, String bundle) {
    static Report of(Tree tree) {
        return new Report(tree.bool("valid"), tree.number("documents", 0), tree.number("rules", 0),
                tree.list("findings", Finding::of), tree.tree("error").text("message"), tree.text("bundle"));
    }
}
