package io.github.llmpolicyengine;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
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

    /** What is held for the request that was allowed last, as {@link Decision#hold}; null when nothing is. */
    public String hold() throws PolicyException {
        try {
            String hold = Reply.of(Native.exchangeHold(handle.number)).restAsText();
            return hold.isEmpty() ? null : hold;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Closes what is held for the request, as {@link Engine#settle(String, Input)} does. */
    public Closed settle(Input used) throws PolicyException {
        try {
            return Closed.read(Reply.of(used.with((form, bytes, offset, length) ->
                    Native.exchangeSettle(handle.number, form, bytes, offset, length))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #settle(Input)}. */
    public Closed settle(Used used) throws PolicyException {
        return settle(used.input());
    }

    /**
     * Closes what is held for the request with what the answer says that was decided about; of a stream without such words, with what
     * was counted as it came.
     */
    public Closed settle() throws PolicyException {
        try {
            return Closed.read(Reply.of(Native.exchangeSettle(handle.number, Input.JSON, null, 0, 0)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Gives back what is held for a request that was not sent. */
    public Closed release() throws PolicyException {
        try {
            return Closed.read(Reply.of(Native.exchangeRelease(handle.number)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link Engine#observe(String, Input)}, about the call that was allowed last; once for each. */
    public void observe(Input outcome) throws PolicyException {
        try {
            Reply.of(outcome.with((form, bytes, offset, length) ->
                    Native.exchangeObserve(handle.number, form, bytes, offset, length)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #observe(Input)}; the latency may be null. */
    public void observe(CallOutcome outcome, Duration latency) throws PolicyException {
        observe(Input.of(Used.outcome(outcome, latency)));
    }

    /**
     * Takes out of a provider's body what the last decision says, its {@code redact} actions. What is taken out in the style
     * {@code reversible} can be put back by {@link #restore}, and in the answer's stream; the values are kept in the exchange, and in
     * {@link #toJson}, in clear.
     */
    public byte[] redactBody(Format format, byte[] body) throws PolicyException {
        try {
            return Reply.of(Native.exchangeRedact(handle.number, format.bytes(), body)).rest();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #redactBody}, of a context in JSON. */
    public byte[] redact(byte[] json) throws PolicyException {
        try {
            return Reply.of(Native.exchangeRedact(handle.number, null, json)).rest();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Puts values back into a text of the model, where it wrote their placeholders. Nothing is put into URLs. */
    public String restore(String text) throws PolicyException {
        try {
            return Reply.of(Native.exchangeRestore(handle.number, Utf8.of(text))).restAsText();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Begins the answer of the turn as a stream.
     *
     * @param format whose server-sent events go in and come out ({@code openai-chat}, {@code openai-responses}, {@code anthropic});
     *     null for plain text
     * @param now the time that conditions see; null is the machine's clock
     */
    public AnswerStream stream(Format format, Instant now) throws PolicyException {
        try {
            Question question = Question.at(Stage.RESPONSE, now);
            return new AnswerStream(Reply.of(Native.stream(handle.number, question.seconds(), question.nanos(),
                    format == null ? null : format.bytes())).number());
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
