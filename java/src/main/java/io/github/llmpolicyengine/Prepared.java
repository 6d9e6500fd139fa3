package io.github.llmpolicyengine;

/**
 * An input that was read once for many evaluations: {@link Engine#prepare}. It belongs to the policies that its engine had then;
 * after a reload it is stale.
 */
public final class Prepared implements AutoCloseable {
    final Handle handle;

    Prepared(long number) {
        handle = new Handle(this, number, Native::freePrepared);
    }

    /** Frees it. Calls that are under way finish; closing twice does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}
