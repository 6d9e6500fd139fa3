package io.github.llmpolicyengine;

import java.lang.ref.Reference;

/**
 * The answer of an exchange's turn while it comes: {@link Exchange#stream}. Threads may share it; what is pushed is one text. It
 * goes on when the exchange is closed.
 */
public final class AnswerStream implements AutoCloseable {
    private final Handle handle;

    /**
     * What came through.
     *
     * @param bytes what is safe to send on now: often nothing
     * @param stopped whether the answer ends here: send on what came out, then read no further; {@link #finish} says why
     */
    public record Passed(byte[] bytes, boolean stopped) {}

    /**
     * The end of an answer.
     *
     * @param bytes what was held back; nothing of an answer that is refused
     * @param decision about the whole answer, or the one at which it was stopped
     */
    public record Finished(byte[] bytes, Decision decision) {}

    AnswerStream(long number) {
        handle = new Handle(this, number, Native::freeStream);
    }

    /** As {@link #push(byte[], int, int)}, the whole array. */
    public Passed push(byte[] chunk) throws PolicyException {
        return push(chunk, 0, chunk.length);
    }

    /**
     * Takes the next bytes of the answer, cut anywhere.
     *
     * @throws PolicyException when they cannot be read; the answer ends here then, as when it is stopped
     */
    public Passed push(byte[] chunk, int offset, int length) throws PolicyException {
        try {
            Reply reply = Reply.of(Native.streamPush(handle.number, chunk, offset, length));
            boolean stopped = reply.tag() != 0;
            return new Passed(reply.rest(), stopped);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends the answer. Once more, it is the same decision.
     *
     * @throws PolicyException when the answer cannot be judged; nothing of what was held back is sent then
     */
    public Finished finish() throws PolicyException {
        try {
            Reply reply = Reply.of(Native.streamFinish(handle.number));
            byte[] rest = reply.part();
            return new Finished(rest, Decision.read(reply));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
     * {@link Exchange#settle()} closes what is held with them.
     */
    public void abort() throws PolicyException {
        try {
            Reply.of(Native.streamAbort(handle.number));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Frees it, and counts nothing: finish or abort before. Closing twice does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}
