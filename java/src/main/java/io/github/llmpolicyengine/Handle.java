package io.github.llmpolicyengine;

import java.lang.ref.Cleaner;
import java.util.function.LongPredicate;

/**
 * The number of an object of the native library, freed once: on close, or when its owner is garbage. Closing while another
 * thread calls is safe; the library keeps an object until the call is over.
 */
final class Handle {
    private static final Cleaner CLEANER = Cleaner.create();

    final long number;
    private final Cleaner.Cleanable cleanable;

    Handle(Object owner, long number, LongPredicate free) {
        this.number = number;
        // What cleans may not know its owner, or the owner never is garbage.
        this.cleanable = CLEANER.register(owner, () -> free.test(number));
    }

    void close() {
        cleanable.clean();
    }
}
