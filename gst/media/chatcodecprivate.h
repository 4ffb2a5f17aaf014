/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Debian's packages of the elements that we use. */
#pragma once

#define PACKAGE_BASE "gstreamer1.0-plugins-base"
#define PACKAGE_GOOD "gstreamer1.0-plugins-good"
#define PACKAGE_BAD "gstreamer1.0-plugins-bad"
#define PACKAGE_UGLY "gstreamer1.0-plugins-ugly"
#define PACKAGE_LIBAV "gstreamer1.0-libav"
#define PACKAGE_NICE "gstreamer1.0-nice"
#define PACKAGE_CORE "libgstreamer1.0-0"

