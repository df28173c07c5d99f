//! HTTP and command-line stories against the built executable; links none of our code.

mod bad_input;
mod client;
mod commands;
mod durability;
mod process;
mod queries;
mod server;
mod track;
