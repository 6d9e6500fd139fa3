package io.github.llmpolicyengine;

import java.time.Instant;
import java.util.Objects;

/**
 * What is asked about an input.
 *
 * @param stage the stage of the turn
 * @param now the time that conditions see; null is the machine's clock at the time of the call
 */
public record Question(Stage stage, Instant now) {
    /** About a request, by the machine's clock. */
    public static final Question DEFAULT = new Question(Stage.REQUEST, null);

    /** A question about this stage and time. */
    public Question {
        Objects.requireNonNull(stage, "stage");
    }

    /** A question about this stage, by the machine's clock. */
    public static Question at(Stage stage) {
        return new Question(stage, null);
    }

    /** A question about this stage, at a time. */
    public static Question at(Stage stage, Instant now) {
        return new Question(stage, now);
    }

    long seconds() {
        return now == null ? Long.MIN_VALUE : now.getEpochSecond();
    }

    int nanos() {
        return now == null ? 0 : now.getNano();
    }
}
