package io.github.llmpolicyengine.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** A request whose body was read already: what was judged is what the endpoint reads. */
final class RepeatedRequest extends HttpServletRequestWrapper {
    private final byte[] body;
    private final Turn turn;
    private AsyncContext async;

    RepeatedRequest(HttpServletRequest request, byte[] body, Turn turn) {
        super(request);
        this.body = body;
        this.turn = turn;
    }

    /** Unlike a container's own, it answers through the guard. */
    @Override
    public AsyncContext startAsync() {
        return startAsync(this, turn.answer());
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
        GuardedResponse answer = turn.answer();
        if (response != answer && !(response instanceof ServletResponseWrapper wrapper && wrapper.isWrapperFor(answer))) {
            throw new IllegalStateException("this endpoint is guarded: it answers with the response that it was given");
        }
        async = new GuardedAsync(super.startAsync(request, response), turn);
        return async;
    }

    @Override
    public AsyncContext getAsyncContext() {
        return async == null ? super.getAsyncContext() : async;
    }

    @Override
    public ServletInputStream getInputStream() {
        ByteArrayInputStream bytes = new ByteArrayInputStream(body);
        return new ServletInputStream() {
            @Override
            public int read() {
                return bytes.read();
            }

            @Override
            public int read(byte[] to, int offset, int length) {
                return bytes.read(to, offset, length);
            }

            @Override
            public boolean isFinished() {
                return bytes.available() == 0;
            }

            @Override
            public boolean isReady() {
                return true;
            }

            @Override
            public void setReadListener(ReadListener listener) {
                try {
                    listener.onDataAvailable();
                    listener.onAllDataRead();
                } catch (IOException error) {
                    listener.onError(error);
                }
            }
        };
    }

    @Override
    public BufferedReader getReader() {
        return new BufferedReader(new InputStreamReader(getInputStream(), StandardCharsets.UTF_8));
    }

    @Override
    public int getContentLength() {
        return body.length;
    }

    @Override
    public long getContentLengthLong() {
        return body.length;
    }
}
