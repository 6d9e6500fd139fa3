package io.github.llmpolicyengine;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The stages of one turn, decided about by the policies that were there when it began, for one caller: {@link Engine#exchange}.
 *
 * <p>What was seen in an earlier stage is still there in a later one. What the host said at the beginning stays, and no body can
 * change it. Threads may share an exchange; its evaluations go one after the other.
 */
public final class Exchange implements AutoCloseable {
    private final Handle handle;

    Exchange(long number) {
        handle = new Handle(this, number, Native::freeExchange);
    }

    /**
     * Decides about what is new in a stage, such as {@code {"request": {...}}}. It replaces what an earlier stage said under the
     * same name.
     *
     * @throws PolicyException when the input is refused; the exchange is as before then
     */
    public Decision evaluate(Input input, Question question) throws PolicyException {
        try {
            return Decision.read(Reply.of(asked(input, question, (form, bytes, offset, length) -> Native.exchangeEvaluate(
                    handle.number, question.stage().ordinal(), question.seconds(), question.nanos(), form, bytes,
                    offset, length))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #evaluate(Input, Question)}, by the machine's clock. */
    public Decision evaluate(Stage stage, Map<String, ?> input) throws PolicyException {
        return evaluate(Input.of(input), Question.at(stage));
    }

    /** As {@link #evaluate(Input, Question)}, about JSON, by the machine's clock. */
    public Decision evaluate(Stage stage, byte[] json) throws PolicyException {
        return evaluate(Input.json(json), Question.at(stage));
    }

    /**
     * Decides about a provider's own body.
     *
     * @throws PolicyException when the body is refused, or the format has no bodies of the stage
     */
    public Decision evaluateBody(Format format, byte[] body, Question question) throws PolicyException {
        try {
            return Decision.read(Reply.of(Native.exchangeBody(handle.number, question.stage().ordinal(),
                    question.seconds(), question.nanos(), format.bytes(), body)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The exchange as text, for {@link Engine#resume} here or in another process. It holds the bodies and who asks: keep it as
     * you keep them, and let nobody else write it.
     */
    public String toJson() throws PolicyException {
        try {
            return Reply.of(Native.exchangeState(handle.number)).restAsText();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Frees it. Calls that are under way finish; closing twice does nothing. */
    @Override
    public void close() {
        handle.close();
    }

    /** What {@code use} makes of an input; when the input cannot be written, the failure comes with the deny that stands for it. */
    private <R> R asked(Input input, Question question, Input.Use<R> use) throws PolicyException {
        try {
            return input.with(use);
        } catch (PolicyException.InvalidInput error) {
            byte[] message = error.getMessage().getBytes(StandardCharsets.UTF_8);
            Reply.of(Native.exchangeRefuse(handle.number, question.stage().ordinal(), message));
            throw error;
        }
    }
}
