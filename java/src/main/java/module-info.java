/**
 * Decides about LLM traffic in this process.
 */
module io.github.llmpolicyengine {
    // Who uses the servlet filter has a servlet container; nobody else needs one.
    requires static transitive jakarta.servlet;

    exports io.github.llmpolicyengine;
    exports io.github.llmpolicyengine.servlet;
}
