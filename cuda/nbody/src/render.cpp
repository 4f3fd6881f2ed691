#include "render.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "failure.h"
#ifdef WITH_PNG
#include <png.h>
#endif

const char pngMissing[] =
    "Error: this nbody was built without libpng, so -render cannot write pictures: "
    "apt-get install libpng-dev pkg-config, then make clean all.";

Camera cameraFor(const Bodies& b) {
  double total = 0, centre[3] = {0, 0, 0};
  for (size_t i = 0; i < b.count(); ++i) {
    total += b.mass[i];
    centre[0] += b.mass[i] * b.x[i], centre[1] += b.mass[i] * b.y[i], centre[2] += b.mass[i] * b.z[i];
  }
  if (total != 0)
    for (double& c : centre) c /= total;
  std::vector<double> radius(b.count());
  for (size_t i = 0; i < b.count(); ++i) radius[i] = std::hypot(std::hypot(b.x[i] - centre[0], b.y[i] - centre[1]), b.z[i] - centre[2]);
  auto most = radius.begin() + std::ptrdiff_t(radius.size() * 9 / 10);
  std::nth_element(radius.begin(), most, radius.end());
  return {{centre[0], centre[1], centre[2]}, std::max(1e-12, *most * 1.25), 0};
}

std::vector<unsigned char> draw(const Bodies& b, const Camera& camera, int width, int height) {
  std::vector<float> light(size_t(width) * height * 3, 0.0f);
  auto add = [&](int px, int py, const double colour[3], double weight) {
    if (px < 0 || py < 0 || px >= width || py >= height) return;
    float* at = &light[(size_t(py) * width + px) * 3];
    for (int c = 0; c < 3; ++c) at[c] += float(weight * colour[c]);
  };

  double speed = 0;
  for (size_t i = 0; i < b.count(); ++i) speed += std::hypot(std::hypot(b.vx[i], b.vy[i]), b.vz[i]);
  speed = std::max(speed / double(std::max<size_t>(1, b.count())), 1e-300);

  const double distance = 3.2 * camera.radius, tilt = 0.42;
  const double focal = 0.5 * std::min(width, height) * distance / camera.radius;
  const double c = std::cos(camera.turn), s = std::sin(camera.turn), ct = std::cos(tilt), st = std::sin(tilt);
  for (size_t i = 0; i < b.count(); ++i) {
    double x = b.x[i] - camera.centre[0], y = b.y[i] - camera.centre[1], z = b.z[i] - camera.centre[2];
    double right = c * x + s * y, in = -s * x + c * y, up = ct * z - st * in, depth = distance + ct * in + st * z;
    if (!(depth > 0.05 * distance)) continue;
    double sx = 0.5 * width + focal * right / depth, sy = 0.5 * height - focal * up / depth;
    if (!(sx > -4 && sy > -4 && sx < width + 4 && sy < height + 4)) continue;
    double v = std::hypot(std::hypot(b.vx[i], b.vy[i]), b.vz[i]) / speed, blue = v / (1 + v);
    double colour[3] = {1.25 - 0.95 * blue, 0.62 + 0.18 * blue, 0.32 + 1.0 * blue};
    double near = std::pow(distance / depth, 2);
    // A Gaussian over 5 x 5 pixels, centred between them as the body is.
    int ix = int(std::floor(sx)), iy = int(std::floor(sy));
    for (int oy = -2; oy <= 2; ++oy)
      for (int ox = -2; ox <= 2; ++ox) {
        double ex = ix + ox + 0.5 - sx, ey = iy + oy + 0.5 - sy;
        add(ix + ox, iy + oy, colour, near * std::exp(-(ex * ex + ey * ey) / 0.9));
      }
  }

  // Exposure by the brightness of the lit part, so that 1,000 bodies and 1,000,000 both show.
  std::vector<float> lit;
  for (size_t p = 0; p < light.size(); p += 3)
    if (light[p + 1] > 1e-3f) lit.push_back(light[p + 1]);
  float exposure = 1;
  if (!lit.empty()) {
    auto bright = lit.begin() + std::ptrdiff_t(lit.size() * 85 / 100);
    std::nth_element(lit.begin(), bright, lit.end());
    exposure = 1.1f / *bright;
  }
  std::vector<unsigned char> rgb(light.size());
  const float ground[3] = {0.012f, 0.014f, 0.028f};
  for (size_t p = 0; p < light.size(); ++p) {
    float value = 1 - std::exp(-(exposure * light[p] + ground[p % 3]));
    rgb[p] = (unsigned char)std::lround(255 * std::pow(std::clamp(value, 0.0f, 1.0f), 1 / 2.2f));
  }
  return rgb;
}

#ifdef WITH_PNG
bool canWritePng() { return true; }

void writePng(const std::string& path, const std::vector<unsigned char>& rgb, int width, int height) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = png_uint_32(width), image.height = png_uint_32(height);
  image.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&image, path.c_str(), 0, rgb.data(), 0, nullptr))
    throw Failure(exitFault, text("Error: cannot write %s: %s.", path.c_str(), image.message));
}
#else
bool canWritePng() { return false; }
void writePng(const std::string&, const std::vector<unsigned char>&, int, int) { throw Failure(exitMachine, pngMissing); }
#endif
