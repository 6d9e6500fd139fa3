package io.github.llmpolicyengine;

/** A stage of a turn. */
public enum Stage {
    /** Before the request goes to the model. */
    REQUEST("request"),
    /** Before the answer goes to the user. */
    RESPONSE("response"),
    /** Before a tool is called. */
    TOOL_CALL("tool_call"),
    /** Before the tool's result goes to the model. */
    TOOL_RESULT("tool_result");

    private final String wireName;

    Stage(String wireName) {
        this.wireName = wireName;
    }

    /** The name in policies and decisions: {@code tool_call}. */
    public String wireName() {
        return wireName;
    }

    /**
     * The stage of this name: {@link #wireName}.
     *
     * @throws PolicyException.InvalidArgument when there is none
     */
    public static Stage of(String wireName) throws PolicyException {
        for (Stage known : values()) {
            if (known.wireName.equals(wireName)) {
                return known;
            }
        }
        throw PolicyException.of(ErrorCode.INVALID_ARGUMENT,
                "there is no stage `" + wireName + "`: the stages are request, response, tool_call and tool_result", Tree.of(null), null);
    }
}
