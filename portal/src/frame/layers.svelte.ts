/** What of the frame lies above the page. */

class Layers {
  isJumpOpen = $state(false);
  isHelpOpen = $state(false);
}

export const layers = new Layers();
