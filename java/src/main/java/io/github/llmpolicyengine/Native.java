package io.github.llmpolicyengine;

/**
 * The functions of the native library. An answer is an array that {@link Reply} reads; nothing is thrown. Numbers stand for
 * objects; a number that stands for nothing is an error.
 */
final class Native {
    /** The version of what this class and the library say to each other. */
    static final int ABI = 2;

    static {
        NativeLibrary.load();
        if (abi() != ABI) {
            throw new UnsatisfiedLinkError("the native library of the policy engine (" + NativeLibrary.loaded()
                    + ") is of another version than its classes: " + abi() + ", not " + ABI
                    + "; take the library of the same version");
        }
    }

    private Native() {}

    static native int abi();

    static native byte[] open(byte[] path, byte[] options);

    static native byte[] load(byte[] documents, byte[] options);

    static native byte[] reloadPath(long engine, byte[] path);

    static native byte[] reload(long engine, byte[] documents);

    static native byte[] validatePath(byte[] path);

    static native byte[] validate(byte[] documents);

    static native byte[] bundle(long engine);

    static native boolean close(long engine);

    /** An answer, or the {@link Decision} that was kept of the same decision. */
    static native Object evaluate(
            long engine, int stage, long seconds, int nanos, int form, byte[] input, int offset, int length);

    static native Object evaluatePrepared(long engine, int stage, long seconds, int nanos, long prepared);

    static native void keep(long engine, long ticket, Decision decision);

    static native int allows(
            long engine, int stage, long seconds, int nanos, int form, byte[] input, int offset, int length);

    static native int allowsPrepared(long engine, int stage, long seconds, int nanos, long prepared);

    static native byte[] evaluateBody(long engine, int stage, long seconds, int nanos, byte[] format, byte[] body,
            int form, byte[] host, int offset, int length);

    static native byte[] evaluateBatch(
            long engine, int stage, long seconds, int nanos, byte[] framed, int length);

    static native byte[] explain(
            long engine, int stage, long seconds, int nanos, int form, byte[] input, int offset, int length);

    static native byte[] explainBody(long engine, int stage, long seconds, int nanos, byte[] format, byte[] body,
            int form, byte[] host, int offset, int length);

    static native byte[] refuse(long engine, int stage, byte[] message);

    static native byte[] exchangeRefuse(long exchange, int stage, byte[] message);

    static native byte[] prepare(long engine, int form, byte[] input, int offset, int length);

    static native boolean freePrepared(long prepared);

    static native byte[] exchange(long engine, int form, byte[] host, int offset, int length);

    static native byte[] resume(long engine, byte[] state);

    static native byte[] exchangeEvaluate(
            long exchange, int stage, long seconds, int nanos, int form, byte[] input, int offset, int length);

    static native byte[] exchangeBody(
            long exchange, int stage, long seconds, int nanos, byte[] format, byte[] body);

    static native byte[] exchangeState(long exchange);

    static native boolean freeExchange(long exchange);

    static native byte[] dryRun(
            long engine, int stage, long seconds, int nanos, int form, byte[] input, int offset, int length);

    static native byte[] settle(long engine, byte[] hold, int form, byte[] used, int offset, int length);

    static native byte[] release(long engine, byte[] hold);

    static native byte[] extend(long engine, byte[] hold);

    static native byte[] observe(long engine, byte[] hold, int form, byte[] outcome, int offset, int length);

    static native byte[] exchangeSettle(long exchange, int form, byte[] used, int offset, int length);

    static native byte[] exchangeRelease(long exchange);

    static native byte[] exchangeObserve(long exchange, int form, byte[] outcome, int offset, int length);

    static native byte[] exchangeHold(long exchange);

    static native byte[] switchOff(long engine, byte[] breaker, byte[] key, byte[] reason, long seconds, int nanos);

    static native byte[] switchOn(long engine, byte[] breaker, byte[] key);

    static native byte[] switches(long engine);

    static native byte[] detector(int form, byte[] options, int offset, int length);

    static native byte[] scan(long detector, byte[] text);

    static native byte[] redact(long detector, byte[] form, byte[] style, byte[] text);

    static native boolean freeDetector(long detector);

    static native byte[] exchangeRedact(long exchange, byte[] format, byte[] body);

    static native byte[] exchangeRestore(long exchange, byte[] text);

    static native byte[] stream(long exchange, long seconds, int nanos, byte[] format);

    static native byte[] streamPush(long stream, byte[] chunk, int offset, int length);

    static native byte[] streamFinish(long stream);

    static native byte[] streamAbort(long stream);

    static native boolean freeStream(long stream);

    static native byte[] metrics(long engine);

    static native byte[] auditStart(long engine, int capacity, byte[] key);

    static native byte[] auditStop(long engine);

    static native byte[] auditDrain(long engine, int most);

    static native byte[] pack(byte[] json);

    static native byte[] unpack(byte[] packed);

    static native byte[] selfTestPanic();
}
