// Pictures of the bodies.
#pragma once
#include <string>

#include "bodies.h"

// Camera looks at a centre from far enough to see radius, turned about the vertical axis.
struct Camera {
  double centre[3];
  double radius;
  double turn;  // radians
};

// cameraFor frames nine tenths of the mass.
Camera cameraFor(const Bodies& bodies);

// draw renders to 8-bit RGB, width * height * 3 bytes, rows from the top. Each body is a soft point of
// light; slow ones are warm, fast ones blue. The same bodies give the same bytes.
std::vector<unsigned char> draw(const Bodies& bodies, const Camera& camera, int width, int height);

// canWritePng says whether the program was built with libpng; pngMissing is the line that tells how.
bool canWritePng();
extern const char pngMissing[];

// writePng writes the picture. Throws Failure when the file cannot be written.
void writePng(const std::string& path, const std::vector<unsigned char>& rgb, int width, int height);
