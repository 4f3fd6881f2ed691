// The table of kernel shapes, one row per GPU architecture.
//
// What a row trades: a thread keeps K bodies in registers, and for every partner that it meets it
// pays for the partner's way through the warp (one or two shared-memory loads, three or six
// shuffles), so more bodies per thread cost fewer instructions per pair, until registers leave too
// few warps to hide latency. Single precision needs 7 registers per body, double 14; every
// architecture here has 65,536 registers per multiprocessor.
//
// The row for 9.0 is measured (results/); the others follow from it and from the compilers'
// register counts: 7.0, 7.5 and 8.0 issue a single precision instruction every other cycle, so
// shuffles are free there and fewer bodies with more warps do as well.
#pragma once

struct Shape {
  int arch;        // 10 * major + minor: this row serves from here to the next
  int bodies32;    // K in single precision
  int threads32;   // threads per block
  int blocks32;    // blocks per multiprocessor that must fit
  int steps32;     // rotation steps unrolled
  int bodies64, threads64, blocks64, steps64;
};

constexpr Shape shapes[] = {
    // arch  K  threads blocks steps   K  threads blocks steps
    {70, 12, 128, 4, 2, 4, 128, 4, 2},    //
    {75, 12, 128, 4, 2, 4, 128, 4, 1},    // double precision at 1/32: nothing to win
    {80, 12, 128, 4, 2, 8, 128, 3, 2},    //
    {86, 20, 128, 2, 4, 4, 128, 4, 1},    // as 9.0; double at 1/64
    {89, 20, 128, 2, 4, 4, 128, 4, 1},    // as 9.0; double at 1/64
#ifndef SHAPE90
#define SHAPE90 20, 128, 2, 4, 8, 128, 2, 1
#endif
    {90, SHAPE90},                        // measured
    {100, 20, 128, 2, 4, 8, 128, 2, 1},   // as 9.0
    {120, 20, 128, 2, 4, 4, 128, 4, 1},   // as 9.0; double at 1/64
};

// shapeFor is the row for code compiled for arch.
constexpr Shape shapeFor(int arch) {
  Shape found = shapes[0];
  for (const Shape& shape : shapes)
    if (shape.arch <= arch) found = shape;
  return found;
}
