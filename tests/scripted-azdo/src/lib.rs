//! An Azure DevOps service that follows a script.
