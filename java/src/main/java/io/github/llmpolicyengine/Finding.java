package io.github.llmpolicyengine;

/**
 * Something that was found in a policy document.
 *
 * @param file the document, as it was called when it was loaded
 * @param line the line, from 1
 * @param column the column in characters, from 1
 * @param code what it is, such as {@code undefined-field}
 * @param isError whether the document is refused for it; else it is a warning
 * @param message what is wrong
 * @param help what to do; null when there is nothing to say
 */
public record Finding(
        String file, long line, long column, String code, boolean isError, String message, String help) {
    static Finding of(Tree tree) {
        return new Finding(tree.text("file"), tree.number("line", 0), tree.number("column", 0), tree.text("code"),
                "error".equals(tree.text("severity")), tree.text("message"), tree.text("help"));
    }
}
