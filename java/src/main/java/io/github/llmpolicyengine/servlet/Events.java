package io.github.llmpolicyengine.servlet;

import io.github.llmpolicyengine.AnswerStream;
import io.github.llmpolicyengine.Decision;
import io.github.llmpolicyengine.PolicyException;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.io.OutputStream;

/** An answer of server-sent events on its way to a client. */
final class Events {
    private final AnswerStream stream;
    private final ServletResponse client;
    private boolean ended;
    private boolean gone;
    private Decision decision;
    private PolicyException error;

    Events(AnswerStream stream, ServletResponse client) {
        this.stream = stream;
        this.client = client;
    }

    /**
     * Sends on what is safe now.
     *
     * @throws IOException when the client has gone, or the answer has ended: nobody needs the rest of it
     */
    synchronized void push(byte[] bytes, int offset, int length) throws IOException {
        if (ended) {
            throw new IOException("the answer has ended: the policies stopped it, or nobody reads on");
        }
        try {
            AnswerStream.Passed passed = stream.push(bytes, offset, length);
            send(passed.bytes());
            if (passed.stopped()) {
                end();
            }
        } catch (PolicyException failure) {
            failed(failure);
        } catch (IOException failure) {
            gone = true;
            abort();
            throw failure;
        }
    }

    /** Sends what was held back of an answer that passes. What a client sees of a refusal is the end of the events, as their format has it. */
    synchronized void finish() {
        if (ended) {
            return;
        }
        try {
            end();
        } catch (PolicyException failure) {
            failed(failure);
        } catch (IOException failure) {
            gone = true;
            abort();
        }
    }

    private void end() throws PolicyException, IOException {
        ended = true;
        AnswerStream.Finished finished = stream.finish();
        decision = finished.decision();
        send(finished.bytes());
    }

    private void failed(PolicyException failure) {
        decision = failure.decision();
        error = failure;
        abort();
    }

    /** Ends it for one who reads no further: the tokens that came are counted. After the end it changes nothing. */
    synchronized void abort() {
        ended = true;
        try {
            stream.abort();
        } catch (PolicyException failure) {
            error = error == null ? failure : error;
        }
    }

    /** Whether the client has gone. */
    synchronized boolean gone() {
        return gone;
    }

    /** Frees it. */
    void close() {
        stream.close();
    }

    /** The decision about the answer; null when there is none, because the client has gone. */
    synchronized Decision decision() {
        return decision;
    }

    /** Why there could be no decision; null when there was one. */
    synchronized PolicyException error() {
        return error;
    }

    private void send(byte[] bytes) throws IOException {
        if (bytes.length > 0) {
            OutputStream out = client.getOutputStream();
            out.write(bytes);
            out.flush();
        }
    }
}
