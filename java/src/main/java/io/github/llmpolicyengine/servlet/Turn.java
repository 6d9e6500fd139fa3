package io.github.llmpolicyengine.servlet;

import io.github.llmpolicyengine.CallOutcome;
import io.github.llmpolicyengine.Exchange;
import io.github.llmpolicyengine.PolicyException;
import io.github.llmpolicyengine.Stage;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** A request that was allowed, until its answer is out. It ends once, in whichever thread. */
final class Turn {
    private static final System.Logger LOGGER = System.getLogger(PolicyFilter.class.getName());

    private final PolicyFilter filter;
    private final Exchange exchange;
    private final HttpServletResponse client;
    private final GuardedResponse answer;
    private final long begun = System.nanoTime();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile boolean async;

    Turn(PolicyFilter filter, Exchange exchange, HttpServletResponse client) {
        this.filter = filter;
        this.exchange = exchange;
        this.client = client;
        answer = new GuardedResponse(client, this, filter.maxBytes);
    }

    /** Whether the client was found to have gone: the container ends the request then. */
    boolean gone() {
        Events events = answer.events();
        return events != null && events.gone();
    }

    /** What the endpoint answers with. */
    GuardedResponse answer() {
        return answer;
    }

    /** Says that the answer is out when the endpoint's {@link jakarta.servlet.AsyncContext} says so. */
    void goAsync() {
        async = true;
    }

    boolean isAsync() {
        return async;
    }

    /** The answer as events; null when the format has none. Then it is kept, and is no answer. */
    Events events() {
        try {
            return new Events(exchange.stream(filter.format, null), client);
        } catch (PolicyException error) {
            return null;
        }
    }

    /** The answer is whole. */
    void finish() throws IOException {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        Duration latency = Duration.ofNanos(System.nanoTime() - begun);
        try (exchange) {
            Events events = answer.events();
            if (events != null) {
                events.finish();
                close(events, latency);
            } else if (answer.getStatus() >= 400) {
                close(answer.getStatus() >= 500 ? CallOutcome.FAILURE : null, null);
                PolicyFilter.refuse(client, answer.getStatus(), "failed", "the request failed");
            } else if (answer.tooLarge()) {
                close(CallOutcome.SUCCESS, latency);
                PolicyFilter.refuse(client, 502, "too_large", null);
            } else {
                boolean passes = filter.passes(exchange, Stage.RESPONSE, answer.body(), client);
                close(CallOutcome.SUCCESS, latency);
                if (passes) {
                    answer.send();
                }
            }
        }
    }

    /**
     * The endpoint has failed, or the client has gone.
     *
     * @return whether it is the policies that ended the answer, so that nothing has failed
     */
    boolean fail() {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        try (exchange) {
            Events events = answer.events();
            if (events == null) {
                close(answer.getStatus() < 400 || answer.getStatus() >= 500 ? CallOutcome.FAILURE : null, null);
                return false;
            }
            events.abort();
            close(events, null);
            return events.decision() != null;
        }
    }

    /** The endpoint goes on elsewhere: events are whole then, and nothing is known of what else would come. */
    void dispatched() throws IOException {
        if (answer.events() != null) {
            finish();
        } else if (ended.compareAndSet(false, true)) {
            try (exchange) {
                close(CallOutcome.SUCCESS, null);
                PolicyFilter.refuse(client, 502, "unguarded_answer", null);
            }
        }
    }

    private void close(Events events, Duration latency) {
        if (events.decision() != null) {
            filter.decisions.decided(Stage.RESPONSE, events.decision(), events.error());
        }
        close(CallOutcome.SUCCESS, latency);
        events.close();
    }

    /**
     * Tells circuit breakers what became of the call, and closes what limits hold: after a success with what the answer says that
     * it used, or what was counted, or as it was estimated; else it costs nothing.
     */
    private void close(CallOutcome outcome, Duration latency) {
        try {
            if (outcome != null) {
                exchange.observe(outcome, latency);
            }
            if (outcome == CallOutcome.SUCCESS) {
                exchange.settle();
            } else {
                exchange.release();
            }
        } catch (PolicyException error) {
            // It stays held until its lease ends. The client's answer does not depend on it.
            LOGGER.log(System.Logger.Level.WARNING, "what limits hold for a request is not closed", error);
        }
    }
}
