package io.github.llmpolicyengine.kotlin

import io.github.llmpolicyengine.kotlin.generated.stageNamed as nativeStageNamed

/** What was decided, and why. `code` and `publicMessage` may go to end users; the rest may not. */
public typealias Decision = io.github.llmpolicyengine.kotlin.generated.Decision

/** What is decided, weakest first. */
public typealias Effect = io.github.llmpolicyengine.kotlin.generated.Effect

/** A stage of a turn. */
public typealias Stage = io.github.llmpolicyengine.kotlin.generated.Stage

/** Something that the host is asked to carry out. */
public typealias Obligation = io.github.llmpolicyengine.kotlin.generated.Obligation

/** Where a request goes instead. */
public typealias Route = io.github.llmpolicyengine.kotlin.generated.Route

/** How an engine is made. */
public typealias Options = io.github.llmpolicyengine.kotlin.generated.Options

/** Something that was found in a policy document. */
public typealias Finding = io.github.llmpolicyengine.kotlin.generated.Finding

/** What is right and wrong with documents. */
public typealias Report = io.github.llmpolicyengine.kotlin.generated.Report

/** What a failure says. */
public typealias Failure = io.github.llmpolicyengine.kotlin.generated.Failure

/** What became of a reservation that was to be closed. */
public typealias Closing = io.github.llmpolicyengine.kotlin.generated.Closing

/** What [Detector.scan] found. No part of the text is in it. */
public typealias Scan = io.github.llmpolicyengine.kotlin.generated.Scan

/** Something that a detector found. */
public typealias DetectorFinding = io.github.llmpolicyengine.kotlin.generated.DetectorFinding

/** A place in a text: where it begins, and where it ends. */
public typealias Span = io.github.llmpolicyengine.kotlin.generated.Span

/** What came through of an answer that streams. */
public typealias Passed = io.github.llmpolicyengine.kotlin.generated.Passed

/** The end of an answer that streams. */
public typealias Finished = io.github.llmpolicyengine.kotlin.generated.Finished

/**
 * The stage of this name: `tool_call`.
 *
 * @throws PolicyException.InvalidArgument when there is none
 */
public fun stageNamed(name: String): Stage = failing { nativeStageNamed(name) }
