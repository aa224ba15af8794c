mod notation;
mod notation_frames;
mod notation_random;
mod replay;
mod trace;
mod verdicts;
