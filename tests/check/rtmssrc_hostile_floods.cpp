#include "hostile.h"
int main() {
  return 0;
}
