"""From a task and a judge to stored judgments: plan, load, judge and write; resume; forecast."""
