package io.github.llmpolicyengine;

/** What became of what was held, and was to be closed. */
public enum Closed {
    /** It was open, and is closed now. */
    DONE("done"),
    /** It had expired. What the request really cost stands now in place of what was charged then. */
    LATE("late"),
    /** It was settled before; nothing was changed. */
    ALREADY_SETTLED("already_settled"),
    /** It was released before; nothing was changed. */
    ALREADY_RELEASED("already_released"),
    /** It had expired, and that stays so. */
    ALREADY_EXPIRED("already_expired"),
    /** The store does not know it, or no longer; nothing was changed. */
    UNKNOWN("unknown"),
    /** Nothing is held: no limit applied, or this exchange closed it before. */
    NOTHING("nothing");

    private final String wireName;

    Closed(String wireName) {
        this.wireName = wireName;
    }

    /** The name in every language: {@code already_settled}. */
    public String wireName() {
        return wireName;
    }

    static Closed read(Reply reply) {
        return values()[(int) reply.number() - 1];
    }
}
