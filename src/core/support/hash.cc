#include "core/support/hash.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace kernelops {
namespace {

constexpr std::size_t kBlockBytes = 64;

constexpr std::array<std::uint32_t, 64> kRoundConstants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using State = std::array<std::uint32_t, 8>;

std::uint32_t rotate_right(std::uint32_t word, int bits) {
  return (word >> bits) | (word << (32 - bits));
}

std::uint32_t big_endian_word(const char* bytes) {
  std::uint32_t word = 0;
  for (int k = 0; k < 4; ++k) word = (word << 8) | static_cast<unsigned char>(bytes[k]);
  return word;
}

void absorb_block(State& state, const char* block) {
  std::array<std::uint32_t, 64> schedule;
  for (std::size_t t = 0; t < 16; ++t) schedule[t] = big_endian_word(block + 4 * t);
  for (std::size_t t = 16; t < 64; ++t) {
    const std::uint32_t early = schedule[t - 15];
    const std::uint32_t late = schedule[t - 2];
    schedule[t] = schedule[t - 16] + schedule[t - 7] +
                  (rotate_right(early, 7) ^ rotate_right(early, 18) ^ (early >> 3)) +
                  (rotate_right(late, 17) ^ rotate_right(late, 19) ^ (late >> 10));
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t t = 0; t < 64; ++t) {
    const std::uint32_t first = h +
                                (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
                                ((e & f) ^ (~e & g)) + kRoundConstants[t] + schedule[t];
    const std::uint32_t second = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
                                 ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const State mixed = {a, b, c, d, e, f, g, h};
  for (std::size_t k = 0; k < state.size(); ++k) state[k] += mixed[k];
}

void absorb_end(State& state, std::string_view rest, std::uint64_t total_bytes) {
  std::array<char, 2 * kBlockBytes> padded{};
  std::copy(rest.begin(), rest.end(), padded.begin());
  padded[rest.size()] = static_cast<char>(0x80);
  const std::size_t used = rest.size() + 9 <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  for (std::size_t k = 0; k < 8; ++k) {
    padded[used - 1 - k] = static_cast<char>((8 * total_bytes) >> (8 * k));
  }
  for (std::size_t start = 0; start < used; start += kBlockBytes) {
    absorb_block(state, padded.data() + start);
  }
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  State state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const std::size_t whole = bytes.size() / kBlockBytes * kBlockBytes;
  for (std::size_t start = 0; start < whole; start += kBlockBytes) {
    absorb_block(state, bytes.data() + start);
  }
  absorb_end(state, bytes.substr(whole), bytes.size());

  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digest;
  for (const std::uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) digest += kDigits[(word >> shift) & 0xF];
  }
  return digest;
}

}  // namespace kernelops
