/**
 * The engine in a servlet container.
 */
package io.github.llmpolicyengine.servlet;
