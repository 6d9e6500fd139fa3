package io.github.llmpolicyengine.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;

/** The endpoint's hold on an answer that it gives after it has returned: what ends it is judged first. */
final class GuardedAsync implements AsyncContext {
    private final AsyncContext context;
    private final Turn turn;
    private volatile boolean over;

    GuardedAsync(AsyncContext context, Turn turn) {
        this.context = context;
        this.turn = turn;
        turn.goAsync();
        context.addListener(new AsyncListener() {
            @Override
            public void onComplete(AsyncEvent event) {
                over = true;
                turn.fail();
            }

            @Override
            public void onTimeout(AsyncEvent event) {
                turn.fail();
            }

            @Override
            public void onError(AsyncEvent event) {
                over = true;
                turn.fail();
            }

            @Override
            public void onStartAsync(AsyncEvent event) {
                event.getAsyncContext().addListener(this);
            }
        });
    }

    private interface Judging {
        void run() throws IOException;
    }

    /** Judges what there is, and then lets {@code end} end the request, unless the container does so because the client has gone. */
    private void after(Judging judging, Runnable end) {
        try {
            judging.run();
        } catch (IOException gone) {
            return;
        }
        // A container's context may belong to another request by now.
        if (!over && !turn.gone()) {
            end.run();
        }
    }

    @Override
    public void complete() {
        after(turn::finish, context::complete);
    }

    @Override
    public void dispatch() {
        after(turn::dispatched, context::dispatch);
    }

    @Override
    public void dispatch(String path) {
        after(turn::dispatched, () -> context.dispatch(path));
    }

    @Override
    public void dispatch(ServletContext servlets, String path) {
        after(turn::dispatched, () -> context.dispatch(servlets, path));
    }

    @Override
    public ServletRequest getRequest() {
        return context.getRequest();
    }

    @Override
    public ServletResponse getResponse() {
        return context.getResponse();
    }

    @Override
    public boolean hasOriginalRequestAndResponse() {
        return false;
    }

    @Override
    public void start(Runnable run) {
        context.start(run);
    }

    @Override
    public void addListener(AsyncListener listener) {
        context.addListener(listener);
    }

    @Override
    public void addListener(AsyncListener listener, ServletRequest request, ServletResponse response) {
        context.addListener(listener, request, response);
    }

    @Override
    public <T extends AsyncListener> T createListener(Class<T> kind) throws ServletException {
        return context.createListener(kind);
    }

    @Override
    public void setTimeout(long milliseconds) {
        context.setTimeout(milliseconds);
    }

    @Override
    public long getTimeout() {
        return context.getTimeout();
    }
}
