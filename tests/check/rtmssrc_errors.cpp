#include "fixture.h"
static Suite *rtmssrc_errors_suite() { return suite_create("rtmssrc_errors"); }
GST_CHECK_MAIN(rtmssrc_errors)
