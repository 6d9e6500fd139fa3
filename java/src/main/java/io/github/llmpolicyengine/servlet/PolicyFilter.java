package io.github.llmpolicyengine.servlet;

import io.github.llmpolicyengine.Decision;
import io.github.llmpolicyengine.Effect;
import io.github.llmpolicyengine.Engine;
import io.github.llmpolicyengine.Exchange;
import io.github.llmpolicyengine.Format;
import io.github.llmpolicyengine.PolicyException;
import io.github.llmpolicyengine.Question;
import io.github.llmpolicyengine.Stage;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;

/**
 * Guards an endpoint that takes a provider's request bodies and answers with its response bodies: each is decided about before
 * it goes on. Who asks is what {@code identity} says, never what a body says.
 *
 * <p>A refused request never reaches the endpoint, a refused answer never leaves it. What cannot be judged is refused: a body that
 * is too large or not of the format, an answer that is none; of an answer that says an error, only the status goes out. The refusal
 * is JSON that tells an end user no more than {@link Decision#code} and {@link Decision#publicMessage}; {@code decisions} sees all
 * of them.
 *
 * <p>An answer is kept until it was judged. Server-sent events ({@code openai-chat}, {@code openai-responses}, {@code anthropic}) go
 * out as they are found safe, also those of an endpoint that answers asynchronously; one that is stopped ends as its format has it, and
 * writing fails. Another asynchronous answer has to end with {@code AsyncContext.complete()}: one that is dispatched is refused.
 *
 * <p>What limits hold for a request is settled with what the answer says that it used, or what was counted of its events, also of an
 * answer that is refused or whose client has gone. A request that failed costs nothing, and circuit breakers hear of a failure from status 500 on.
 *
 * <p>The filter carries out no obligations, so it takes no engine that says that its host does.
 */
public final class PolicyFilter extends HttpFilter {
    private static final long serialVersionUID = 1;

    /** What is read of a request, and kept of an answer, by default: 8 MiB. */
    public static final int MAX_BYTES = 8 << 20;

    /** Is told each decision. */
    public interface Listener {
        /** A decision was made; {@code error} is why it is a deny when none could be made, else null. */
        void decided(Stage stage, Decision decision, PolicyException error);
    }

    private final transient Engine engine;
    final Format format;
    private final transient Function<HttpServletRequest, Map<String, ?>> identity;
    final transient Listener decisions;
    final int maxBytes;

    /**
     * A filter that guards bodies of a format.
     *
     * @param identity what the host says of a request: a context such as {@code {"user": {"id": "ann"}}}, from the session or
     *     the token that it has checked
     * @throws IllegalArgumentException when the engine says that its host carries actions out
     */
    public PolicyFilter(Engine engine, Format format, Function<HttpServletRequest, Map<String, ?>> identity) {
        this(engine, format, identity, (stage, decision, error) -> {}, MAX_BYTES);
    }

    /** As the other, with who is told each decision, and the largest body in bytes. */
    public PolicyFilter(Engine engine, Format format, Function<HttpServletRequest, Map<String, ?>> identity,
            Listener decisions, int maxBytes) {
        if (!engine.handles().isEmpty()) {
            throw new IllegalArgumentException(
                    "this filter carries out no actions, so it needs an engine without `handles`: " + engine.handles());
        }
        this.engine = engine;
        this.format = format;
        this.identity = identity;
        this.decisions = decisions;
        this.maxBytes = maxBytes;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        byte[] body = request.getInputStream().readNBytes(maxBytes + 1);
        if (body.length > maxBytes) {
            refuse(response, 413, "too_large", null);
            return;
        }
        Exchange exchange;
        try {
            exchange = engine.exchange(identity.apply(request));
        } catch (PolicyException error) {
            decisions.decided(Stage.REQUEST, error.decision(), error);
            refuse(response, 500, error.code().wireName(), null);
            return;
        }
        boolean passes = false;
        try {
            passes = passes(exchange, Stage.REQUEST, body, response);
        } finally {
            if (!passes) {
                exchange.close();
            }
        }
        if (passes) {
            Turn turn = new Turn(this, exchange, response);
            answer(turn, new RepeatedRequest(request, body, turn), chain);
        }
    }

    private static void answer(Turn turn, HttpServletRequest request, FilterChain chain)
            throws IOException, ServletException {
        try {
            chain.doFilter(request, turn.answer());
        } catch (IOException | ServletException | RuntimeException | Error failure) {
            if (turn.fail()) {
                return;
            }
            throw failure;
        }
        if (!turn.isAsync()) {
            turn.finish();
        }
    }

    /** Decides about a body; when it does not pass, the client is answered. */
    boolean passes(Exchange exchange, Stage stage, byte[] body, HttpServletResponse response)
            throws IOException {
        Decision decision;
        PolicyException error = null;
        try {
            decision = exchange.evaluateBody(format, body, Question.at(stage));
        } catch (PolicyException refused) {
            decision = refused.decision();
            error = refused;
        }
        decisions.decided(stage, decision, error);
        if (decision.allowed()) {
            return true;
        }
        if (decision.effect() == Effect.THROTTLE && decision.retryAfterMs() != null) {
            response.setHeader("Retry-After", Long.toString((decision.retryAfterMs() + 999) / 1000));
        }
        int status = error != null
                ? stage == Stage.REQUEST ? 400 : 502
                : decision.effect() == Effect.THROTTLE ? 429 : 403;
        refuse(response, status, decision.code(), decision.publicMessage());
        return false;
    }

    /** {@code {"error": {"code": ..., "message": ...}}} */
    static void refuse(HttpServletResponse response, int status, String code, String message)
            throws IOException {
        String text = message == null ? "the request is refused by policy" : message;
        byte[] json = ("{\"error\":{\"code\":" + quoted(code == null ? "denied" : code) + ",\"message\":" + quoted(text)
                + "}}").getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType("application/json");
        response.setContentLength(json.length);
        response.getOutputStream().write(json);
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
