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
 * is too large or not of the format, an answer that is none, a stream; of an answer that says an error, only the status goes out. The refusal is JSON that tells an end user no more than
 * {@link Decision#code} and {@link Decision#publicMessage}; {@code decisions} sees all of them.
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
    private final Format format;
    private final transient Function<HttpServletRequest, Map<String, ?>> identity;
    private final transient Listener decisions;
    private final int maxBytes;

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
        try (Exchange exchange = engine.exchange(identity.apply(request))) {
            if (!passes(exchange, Stage.REQUEST, body, response)) {
                return;
            }
            BufferedResponse answer = new BufferedResponse(response, maxBytes);
            chain.doFilter(new RepeatedRequest(request, body), answer);
            if (answer.tooLarge()) {
                refuse(response, 502, "too_large", null);
            } else if (answer.getStatus() >= 400) {
                refuse(response, answer.getStatus(), "failed", "the request failed");
            } else if (passes(exchange, Stage.RESPONSE, answer.body(), response)) {
                answer.send();
            }
        } catch (PolicyException error) {
            decisions.decided(Stage.REQUEST, error.decision(), error);
            refuse(response, 500, error.code().wireName(), null);
        }
    }

    private boolean passes(Exchange exchange, Stage stage, byte[] body, HttpServletResponse response)
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
    private static void refuse(HttpServletResponse response, int status, String code, String message)
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
