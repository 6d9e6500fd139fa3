package io.github.llmpolicyengine;

/** What kind of failure it is. Names and numbers are those of every other language. */
public enum ErrorCode {
    /** A bug of the engine: something inside panicked. */
    INTERNAL_ERROR(1, "internal_error"),
    /** A policy document is refused. */
    INVALID_POLICY(2, "invalid_policy"),
    /** An input is refused as a whole. */
    INVALID_INPUT(3, "invalid_input"),
    /** A file cannot be read. */
    UNREADABLE_FILE(4, "unreadable_file"),
    /** There is no document where one was looked for. */
    NO_DOCUMENTS(5, "no_documents"),
    /** An input was prepared for policies that have been replaced since. */
    STALE_INPUT(6, "stale_input"),
    /** A call that is wrong whatever the policies are. */
    INVALID_ARGUMENT(7, "invalid_argument"),
    /** Something that was closed. */
    INVALID_HANDLE(8, "invalid_handle"),
    /** The store of limits cannot be asked. */
    LIMITS_UNAVAILABLE(9, "limits_unavailable");

    private final int number;
    private final String wireName;

    ErrorCode(int number, String wireName) {
        this.number = number;
        this.wireName = wireName;
    }

    /** The number. */
    public int number() {
        return number;
    }

    /** The name: {@code invalid_input}. */
    public String wireName() {
        return wireName;
    }

    static ErrorCode of(int number) {
        for (ErrorCode code : values()) {
            if (code.number == number) {
                return code;
            }
        }
        return INTERNAL_ERROR;
    }
}
