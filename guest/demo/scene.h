/* SPDX-License-Identifier: 0BSD */
/*
 * scene.h - the demo's picture: a title in the evening sky over the sea.
 */
#ifndef GUEST_DEMO_SCENE_H
#define GUEST_DEMO_SCENE_H

#define SCENE_ROWS 13u

/* Fills the screen's first rows. */
void scene_draw(void);

#endif
