//! Policy documents: the format, read strictly from YAML or JSON.
