package io.github.llmpolicyengine.servlet;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** A response whose body is kept until it was judged. Server-sent events go on as far as they are safe. */
final class GuardedResponse extends HttpServletResponseWrapper {
    private final Turn turn;
    private final int maxBytes;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private boolean tooLarge;
    private PrintWriter writer;
    private volatile Events events;

    private final ServletOutputStream stream = new ServletOutputStream() {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            if (events == null && body.size() == 0 && isEvents()) {
                events = turn.events();
            }
            if (events != null) {
                events.push(from, offset, length);
            } else if (length > maxBytes - body.size()) {
                tooLarge = true;
            } else if (!tooLarge) {
                body.write(from, offset, length);
            }
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            try {
                listener.onWritePossible();
            } catch (IOException error) {
                listener.onError(error);
            }
        }
    };

    GuardedResponse(HttpServletResponse response, Turn turn, int maxBytes) {
        super(response);
        this.turn = turn;
        this.maxBytes = maxBytes;
    }

    /** Whether the answer is one of events that can be read. */
    private boolean isEvents() {
        String type = getContentType();
        String encoding = getHeader("Content-Encoding");
        return getStatus() < 400
                && type != null
                && type.split(";", 2)[0].strip().equalsIgnoreCase("text/event-stream")
                && (encoding == null || encoding.equals("identity"));
    }

    /** The events that go out; null when the answer is kept. */
    Events events() {
        if (writer != null) {
            writer.flush();
        }
        return events;
    }

    /** Whether more was written than is kept. */
    boolean tooLarge() {
        return tooLarge;
    }

    byte[] body() {
        if (writer != null) {
            writer.flush();
        }
        return body.toByteArray();
    }

    /** Writes what was kept to the client. */
    void send() throws IOException {
        byte[] bytes = body();
        getResponse().setContentLength(bytes.length);
        getResponse().getOutputStream().write(bytes);
    }

    @Override
    public ServletOutputStream getOutputStream() {
        return stream;
    }

    @Override
    public PrintWriter getWriter() {
        if (writer == null) {
            writer = new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8));
        }
        return writer;
    }

    @Override
    public void flushBuffer() {
        if (writer != null) {
            writer.flush();
        }
        // What may leave has left.
    }

    @Override
    public void resetBuffer() {
        body.reset();
    }

    @Override
    public void reset() {
        super.reset();
        body.reset();
    }

    @Override
    public boolean isCommitted() {
        return events != null && getResponse().isCommitted();
    }

    @Override
    public void setContentLength(int length) {
        // The length is known when the body was judged.
    }

    @Override
    public void setContentLengthLong(long length) {
        // The length is known when the body was judged.
    }

    @Override
    public void setHeader(String name, String value) {
        if (!name.equalsIgnoreCase("content-length")) {
            super.setHeader(name, value);
        }
    }

    @Override
    public void addHeader(String name, String value) {
        if (!name.equalsIgnoreCase("content-length")) {
            super.addHeader(name, value);
        }
    }

    @Override
    public void sendError(int status, String message) {
        setStatus(status);
    }

    @Override
    public void sendError(int status) {
        setStatus(status);
    }
}
