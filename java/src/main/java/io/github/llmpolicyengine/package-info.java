/**
 * Decides about LLM traffic in this process: {@link io.github.llmpolicyengine.Engine} is where to begin.
 */
package io.github.llmpolicyengine;
