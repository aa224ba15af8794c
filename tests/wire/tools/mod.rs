mod notation;
mod notation_frames;
mod notation_random;
mod trace;
mod verdicts;
