package io.github.llmpolicyengine.kotlin

import io.github.llmpolicyengine.kotlin.generated.PolicyException as NativeException

/**
 * What the engine refused or could not do. A decision that could not be made is a deny: [decision] is it.
 *
 * @property failure what it says
 */
public sealed class PolicyException(public val failure: Failure) : Exception(failure.report) {
    /** The name of its kind, the same in every language: `invalid_input`. */
    public val code: String get() = failure.code

    /** What to do about it. */
    public val help: String? get() = failure.help

    /** The byte offset in the input that is refused, where there is one. */
    public val offset: ULong? get() = failure.offset

    /** What is wrong with the policy documents. */
    public val findings: List<Finding> get() = failure.findings

    /** The deny that stands for the decision that could not be made. */
    public val decision: Decision get() = failure.decision

    /** A bug of the engine: something inside panicked, and the process goes on. */
    public class InternalError internal constructor(failure: Failure) : PolicyException(failure)

    /** Policy documents are refused: [findings] says where and why, and the message shows it. */
    public class InvalidPolicy internal constructor(failure: Failure) : PolicyException(failure)

    /** An input is refused as a whole. */
    public class InvalidInput internal constructor(failure: Failure) : PolicyException(failure)

    /** A file cannot be read. */
    public class UnreadableFile internal constructor(failure: Failure) : PolicyException(failure)

    /** There is no document where one was looked for. */
    public class NoDocuments internal constructor(failure: Failure) : PolicyException(failure)

    /** An input was prepared for policies that have been replaced since: prepare it again. */
    public class StaleInput internal constructor(failure: Failure) : PolicyException(failure)

    /** A call that is wrong whatever the policies are: an unknown name. */
    public class InvalidArgument internal constructor(failure: Failure) : PolicyException(failure)

    /** An engine, or something else of this package, was closed before the call. */
    public class Closed internal constructor(failure: Failure) : PolicyException(failure)

    /** The store of limits cannot be asked. */
    public class LimitsUnavailable internal constructor(failure: Failure) : PolicyException(failure)

    internal companion object {
        fun of(error: NativeException): PolicyException = when (error) {
            is NativeException.InternalException -> InternalError(error.failure)
            is NativeException.InvalidPolicy -> InvalidPolicy(error.failure)
            is NativeException.InvalidInput -> InvalidInput(error.failure)
            is NativeException.UnreadableFile -> UnreadableFile(error.failure)
            is NativeException.NoDocuments -> NoDocuments(error.failure)
            is NativeException.StaleInput -> StaleInput(error.failure)
            is NativeException.InvalidArgument -> InvalidArgument(error.failure)
            is NativeException.Closed -> Closed(error.failure)
            is NativeException.LimitsUnavailable -> LimitsUnavailable(error.failure)
        }
    }
}

/** What [work] gives; a failure of the native half becomes a [PolicyException]. */
internal inline fun <T> failing(work: () -> T): T =
    try {
        work()
    } catch (error: NativeException) {
        throw PolicyException.of(error)
    }

/** The UTF-8 of a text, or what [refuse] throws, when it has half of a surrogate pair. */
internal inline fun utf8(text: String, refuse: (String) -> Any): ByteArray =
    try {
        text.encodeToByteArray(throwOnInvalidSequence = true)
    } catch (_: CharacterCodingException) {
        refuse("half of a surrogate pair")
        ByteArray(0)
    }
