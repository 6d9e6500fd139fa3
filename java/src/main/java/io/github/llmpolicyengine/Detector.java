package io.github.llmpolicyengine;

import java.lang.ref.Reference;

/**
 * Finds personal data, secrets, injections and more in texts, without a policy. Any number of threads may use one.
 *
 * <pre>{@code
 * try (Detector detector = Detector.of(new DetectorOptions().families("pii", "secret"))) {
 *     for (DetectorFinding found : detector.scan(text).findings()) { ... }
 *     String clean = detector.redact("text", "label", text);
 * }
 * }</pre>
 */
public final class Detector implements AutoCloseable {
    private final Handle handle;

    private Detector(long number) {
        handle = new Handle(this, number, Native::freeDetector);
    }

    /**
     * A detector of these options.
     *
     * @throws PolicyException.InvalidArgument when an option is wrong
     */
    public static Detector of(DetectorOptions options) throws PolicyException {
        return of(options.input());
    }

    /** A detector of options in JSON or a map, by the names that {@link DetectorOptions} has, such as {@code max_bytes}. */
    public static Detector of(Input options) throws PolicyException {
        return new Detector(Reply.of(options.with(Native::detector)).number());
    }

    /** What is found in a text. */
    public Scan scan(String text) throws PolicyException {
        try {
            return Scan.of(Reply.of(Native.scan(handle.number, Utf8.of(text))).restAsText());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * A text without what is found in it.
     *
     * @param form what the text is: {@code text}; {@code json}, whose texts, numbers and names are redacted in place; or the name of
     *     a provider's format, whose body is a request, or an answer with {@code /response} behind the name
     * @param style {@code placeholder}, {@code label}, {@code mask}, {@code partial}, {@code hash} or {@code remove}
     * @param text the text
     */
    public String redact(String form, String style, String text) throws PolicyException {
        try {
            return Reply.of(Native.redact(handle.number, Utf8.of(form), Utf8.of(style), Utf8.of(text))).restAsText();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Frees it. Calls that are under way finish; closing twice does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}
