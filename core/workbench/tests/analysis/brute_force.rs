use super::analysis;
